import { useEffect, useRef, useState } from 'preact/hooks';
import { latencyMs } from '../state/connection.ts';
import { figuresShown } from '../state/settings.ts';
import { Button } from '../ui/button.tsx';
import { measureClickToPixel, type ProbeResult } from './click-to-pixel.ts';
import { PROBES, type Probe, pageProbe } from './page-probe.ts';
import { PATH_WORDS } from './paths.ts';
import { pictureSize, videoMode } from './picture-state.ts';
import { streamFigures } from './stream-figures.ts';
import './figures-overlay.css';

const PROBE_WORDS = { pointer: 'Move the pointer', space: 'Type a space' } as const;

/** Figures of the picture, over the upper right corner of the screen. */
export function FiguresOverlay() {
  const of = streamFigures.value;
  const { width, height } = pictureSize.value;
  const rttMs = of?.rttMs ?? latencyMs.value;
  const rows = [
    ['Picture', `${PATH_WORDS[videoMode.value]} ${width}×${height}`],
    ['Frames', of === undefined ? 'not told' : `${of.fps} fps`],
    ['Bitrate', of === undefined ? 'not told' : bitrate(of.kbps)],
    ['Dropped', of === undefined ? 'not told' : String(of.dropped)],
    ['Round trip', rttMs === undefined ? '–' : `${rttMs.toFixed(1)} ms`],
  ] as const;
  return (
    <section class="figures-overlay" aria-label="Figures of the picture">
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <ClickToPixel />
      <Button
        label="Hide figures"
        icon="close"
        iconOnly
        onPress={() => {
          figuresShown.value = false;
          document.getElementById('screen')?.focus({ preventScroll: true });
        }}
      />
    </section>
  );
}

const bitrate = (kbps: number) =>
  kbps < 1_000 ? `${kbps} kbit/s` : `${(kbps / 1_000).toFixed(1)} Mbit/s`;

function ClickToPixel() {
  const [probe, setProbe] = useState<Probe>('pointer');
  const [isMeasuring, setMeasuring] = useState(false);
  const [result, setResult] = useState<ProbeResult>();
  const leaving = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => leaving.current?.abort(), []);
  const measure = async () => {
    const left = new AbortController();
    leaving.current = left;
    setMeasuring(true);
    setResult(undefined);
    const measured = await measureClickToPixel(pageProbe(probe), left.signal);
    if (left.signal.aborted) return;
    setResult(measured);
    setMeasuring(false);
  };
  return (
    <div class="probe">
      <label>
        <span>Click to pixel</span>
        <select
          value={probe}
          disabled={isMeasuring}
          onChange={({ currentTarget }) => {
            setProbe(PROBES.find((it) => it === currentTarget.value) ?? 'pointer');
          }}
        >
          {PROBES.map((it) => (
            <option key={it} value={it}>
              {PROBE_WORDS[it]}
            </option>
          ))}
        </select>
      </label>
      <Button label="Measure" disabled={isMeasuring} onPress={() => void measure()} />
      <p role="status">{isMeasuring ? 'Measuring' : wordsOf(result)}</p>
    </div>
  );
}

function wordsOf(result: ProbeResult | undefined): string {
  switch (result?.kind) {
    case undefined:
      return 'Sends it six times, and takes it back.';
    case 'measured':
      return `${Math.round(result.p50Ms)} ms, the middle of ${result.tries} tries.`;
    case 'unchanged':
      return 'The picture did not change within 2 s. Try the other probe.';
    case 'restless':
      return 'The picture moves by itself, so nothing can be measured.';
  }
}
