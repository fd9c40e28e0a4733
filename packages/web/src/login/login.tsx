import { useEffect, useRef, useState } from 'preact/hooks';
import { type SessionLength, sessionLength } from '../state/settings.ts';
import { Icon } from '../ui/icon.tsx';
import { RadioGroup } from '../ui/radio-group.tsx';
import { farewell, logIn, loginFailure } from './session.ts';

const LENGTHS: readonly { readonly value: SessionLength; readonly label: string }[] = [
  { value: '3600', label: '1 hour' },
  { value: '43200', label: '12 hours' },
  { value: '0', label: 'Forever' },
];

/** The form that starts a session. */
export function Login() {
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  useEffect(() => name.current?.focus(), []);

  const submit = async () => {
    const [user, secret, digits] = [name, password, code].map((ref) => ref.current?.value ?? '');
    if (!user) {
      setFailure('Type your name.');
      name.current?.focus();
      return;
    }
    setBusy(true);
    setFailure(undefined);
    try {
      const length = sessionLength.peek();
      await logIn({ user, password: secret ?? '', code: digits ?? '', length });
      // A proxy that lets nobody else see the page has sent the user to /login.
      if (location.pathname.endsWith('/login')) history.replaceState(history.state, '', './');
    } catch (error) {
      setFailure(loginFailure(error));
      setBusy(false);
      // As the mistake is most likely there.
      const next = digits ? code.current : password.current;
      next?.focus();
      next?.select();
    }
  };

  return (
    <main class="login">
      <form
        aria-labelledby="login-title"
        aria-busy={busy}
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit();
        }}
      >
        <h1 id="login-title">crashcart</h1>
        <p class="note" role="status">
          {farewell.value ?? 'Log in to reach the machine.'}
        </p>
        <label class="field">
          <span>Name</span>
          <input
            ref={name}
            name="user"
            autocomplete="username"
            autocapitalize="off"
            spellcheck={false}
          />
        </label>
        <label class="field">
          <span>Password</span>
          <input ref={password} name="passwd" type="password" autocomplete="current-password" />
        </label>
        <label class="field">
          <span>Code (only with two-factor login)</span>
          <input
            ref={code}
            name="code"
            inputMode="numeric"
            autocomplete="one-time-code"
            maxLength={6}
          />
        </label>
        <RadioGroup
          name="length"
          legend="Stay logged in"
          value={sessionLength.value}
          choices={LENGTHS}
          onChoose={(value) => {
            sessionLength.value = value;
          }}
        />
        <p class="failure" role="alert">
          {failure !== undefined && <Icon name="alert" />}
          <span>{failure}</span>
        </p>
        <button type="submit" class="button primary" aria-disabled={busy || undefined}>
          {busy ? 'Logging in' : 'Log in'}
        </button>
      </form>
    </main>
  );
}
