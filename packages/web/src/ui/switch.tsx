import '../styles/controls.css';

/** What a choice of on or off is. */
export interface SwitchProps {
  readonly label: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  /** What it does, where the label is not enough. */
  readonly note?: string;
  readonly disabled?: boolean;
}

/** A real check box that looks like a switch. */
export function Switch({ label, on, onChange, note, disabled }: SwitchProps) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {label}
        {note !== undefined && <small>{note}</small>}
      </span>
    </label>
  );
}
