import type { InfoState } from '@crashcart/api';
import { useEffect, useState } from 'preact/hooks';
import { address, request } from '../api.ts';
import { info } from '../state/info.ts';
import { Icon } from '../ui/icon.tsx';
import {
  type Fact,
  healthFacts,
  healthSummary,
  unknownText,
  uptimeText,
  versionFacts,
} from './health.ts';
import './health.css';

const GRADE_WORDS = { good: 'Good', warn: 'Warning', bad: 'Problem' } as const;

/** How the box is that the server runs on, the versions of what works there, and about. */
export function HealthPanel() {
  const { health, fan, uptime } = info.value;
  const { system, isUnknown } = useVersions();
  if (health === undefined) return <p class="note">Waiting for the server.</p>;
  const facts = healthFacts(health, fan);
  const unknown = unknownText(facts);
  const summary = healthSummary(facts);
  return (
    <>
      <div class="summary" data-grade={summary.grade} role="status">
        <Icon name={summary.grade === 'good' ? 'good' : 'alert'} />
        <p>
          {summary.text} {summary.advice}
        </p>
      </div>
      <Facts facts={facts.filter((fact) => !fact.unknown)} />
      {unknown !== undefined && <p class="note">{unknown}</p>}
      <h3>Versions</h3>
      <Facts
        facts={[
          ...(system === undefined ? [] : versionFacts(system)),
          ...(uptime === undefined ? [] : [{ label: 'Box runs for', text: uptimeText(uptime) }]),
        ]}
      />
      {isUnknown && <p class="note">The server did not tell its versions.</p>}
      <h3>About</h3>
      <p class="note">
        crashcart shows and controls a machine over the network, from the boot screen on. It is free
        software under the Apache License 2.0; its icons are Lucide's (ISC). Programs use{' '}
        <a href={address('api/openapi.json')} target="_blank" rel="noreferrer">
          the same API
        </a>
        .
      </p>
    </>
  );
}

/** What works on the server, asked for when it is to be read: events do not tell of it. */
function useVersions() {
  const [system, setSystem] = useState<InfoState['system'] | undefined>(undefined);
  const [isUnknown, setUnknown] = useState(false);
  useEffect(() => {
    const ending = new AbortController();
    const ask = async () => {
      const response = await request('api/info?fields=system&legacy=0', { signal: ending.signal });
      const { result } = (await response.json()) as { readonly result: Pick<InfoState, 'system'> };
      setSystem(result.system);
    };
    ask().catch(() => ending.signal.aborted || setUnknown(true));
    return () => ending.abort();
  }, []);
  return { system, isUnknown };
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ label, text, grade, share, advice }) => (
        <div key={label} data-grade={grade}>
          <dt>{label}</dt>
          <dd>
            <span>
              {grade !== undefined && <span class="hidden">{GRADE_WORDS[grade]}: </span>}
              {(grade === 'warn' || grade === 'bad') && <Icon name="alert" />}
              {text}
            </span>
            {share !== undefined && (
              <span class="share" aria-hidden="true">
                <span style={{ width: `${Math.round(share * 100)}%` }} />
              </span>
            )}
            {advice !== undefined && <span class="advice">{advice}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
