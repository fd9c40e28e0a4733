import { useEffect, useRef, useState } from 'preact/hooks';
import { keyWord } from '../keys/key-words.ts';
import { latencyMs } from '../state/connection.ts';
import { figuresShown } from '../state/settings.ts';
import { Button } from '../ui/button.tsx';
import { measureClickToPixel, type ProbeResult } from './click-to-pixel.ts';
import { type Probe, pageProbe } from './page-probe.ts';
import { PATH_WORDS } from './paths.ts';
import { pictureSize, videoMode } from './picture-state.ts';
import { PROBE_KEYS, takesBack } from './probe-keys.ts';
import { streamFigures } from './stream-figures.ts';
import './figures-overlay.css';

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
            setProbe(currentTarget.value as Probe);
            setResult(undefined);
          }}
        >
          <option value="pointer">Move the pointer</option>
          {PROBE_KEYS.map(({ label, members }) => (
            <optgroup key={label} label={label}>
              {members.map((key) => (
                <option key={key} value={key}>
                  {`Press ${keyWord(key)}`}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <Button label="Measure" disabled={isMeasuring} onPress={() => void measure()} />
      <p role="status">{isMeasuring ? 'Measuring' : wordsOf(probe, result)}</p>
    </div>
  );
}

function wordsOf(probe: Probe, result: ProbeResult | undefined): string {
  switch (result?.kind) {
    case undefined:
      return probeWords(probe);
    case 'measured':
      return `${Math.round(result.p50Ms)} ms, the middle of ${result.tries} tries.`;
    case 'unchanged':
      return 'The picture did not change within 2 s. Try another one.';
    case 'restless':
      return 'The picture moves by itself, so nothing can be measured.';
  }
}

function probeWords(probe: Probe): string {
  if (probe === 'pointer') return 'Moves it forth and back, three times each.';
  const back = takesBack(probe);
  if (back === probe) return 'Presses it six times.';
  return `Presses it and ${keyWord(back)}, three times each.`;
}
