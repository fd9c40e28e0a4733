import type { SessionState, SessionsState } from '@crashcart/api';
import { useEffect, useState } from 'preact/hooks';
import { authEnabled } from '../state/machine.ts';
import { Button } from '../ui/button.tsx';
import {
  agentText,
  endSession,
  expiryText,
  listSessions,
  sessionsFailureText,
  spanText,
  useText,
} from './sessions.ts';
import './sessions.css';

const EVERY_MS = 5_000;

/** Who is logged in, from where, and the way to end it. */
export function SessionsPanel() {
  const { list, failure, end } = useSessions();
  if (!authEnabled.value) {
    return (
      <p class="note">
        Nobody has to log in here: whoever reaches this server may use the machine. Set{' '}
        <code>kvmd.auth.enabled</code> to change that.
      </p>
    );
  }
  const others = list?.sessions.filter(({ own }) => !own) ?? [];
  return (
    <>
      <p class="note" role="status">
        {countText(list?.sessions.length)}
      </p>
      <ul class="sessions">
        {ownFirst(list?.sessions ?? []).map((session) => (
          <Row
            key={session.id}
            session={session}
            nowTs={list?.now_ts ?? 0}
            onEnd={() => end([session])}
          />
        ))}
      </ul>
      <p class="failure" role="alert">
        {failure}
      </p>
      {others.length > 1 && (
        <Button label={`End the ${others.length} others`} onPress={() => end(others)} />
      )}
      <p class="note">
        An ended session is logged out at once; its screen goes dark and its keys are released.
      </p>
    </>
  );
}

function countText(count: number | undefined): string {
  if (count === undefined) return 'Loading';
  return count === 1 ? '1 session' : `${count} sessions`;
}

const ownFirst = (sessions: readonly SessionState[]) =>
  [...sessions].sort((a, b) => Number(b.own) - Number(a.own));

interface RowProps {
  readonly session: SessionState;
  readonly nowTs: number;
  readonly onEnd: () => void;
}

function Row({ session, nowTs, onEnd }: RowProps) {
  const { user, address, used_address: usedAddress, own, started_ts: startedTs } = session;
  const what = agentText(session.agent);
  const agoS = nowTs - startedTs;
  return (
    <li data-own={own}>
      <h3>
        {what} {own && <span class="tag">This one</span>}
      </h3>
      <p>
        <code>{user}</code> from <code>{address || 'this box'}</code>
      </p>
      <p>
        {useText(session, nowTs)}
        {usedAddress !== address && (
          <>
            {' '}
            from <code>{usedAddress || 'this box'}</code>
          </>
        )}
      </p>
      <p>
        Logged in {agoS < 60 ? 'just now' : `${spanText(agoS)} ago`}, {expiryText(session)}
      </p>
      <button
        type="button"
        class="button plain"
        aria-label={own ? 'Log out here' : `End ${what}, ${user} from ${address}`}
        onClick={onEnd}
      >
        {own ? 'Log out' : 'End'}
      </button>
    </li>
  );
}

/** The list as it is, asked for again and again while it is shown. */
function useSessions() {
  const [list, setList] = useState<SessionsState | undefined>(undefined);
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        setList(await listSessions(ending.signal));
        setFailure(undefined);
      } catch (error) {
        if (!ending.signal.aborted) setFailure(sessionsFailureText(error));
      }
      if (!ending.signal.aborted) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [asked]);
  const end = async (sessions: readonly SessionState[]) => {
    try {
      for (const session of sessions) await endSession(session);
    } catch (error) {
      setFailure(sessionsFailureText(error));
    }
    setAsked((before) => before + 1);
  };
  return { list, failure, end: (sessions: readonly SessionState[]) => void end(sessions) };
}
