import '../styles/controls.css';

/** What a choice of a number is. */
export interface RangeProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  /** How a value is told, e.g. `20 ms`. */
  readonly words: (value: number) => string;
  readonly onChange: (value: number) => void;
  readonly disabled?: boolean;
}

/** A slider with its value in words. */
export function Range({ label, words, onChange, value, disabled, ...bounds }: RangeProps) {
  return (
    <label class="range">
      <span>{label}</span>
      <output>{words(value)}</output>
      <input
        type="range"
        min={bounds.min}
        max={bounds.max}
        step={bounds.step}
        value={value}
        disabled={disabled}
        aria-valuetext={words(value)}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
