/** What a choice of one among few is. */
export interface RadioGroupProps<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly onChoose: (value: T) => void;
  readonly disabled?: boolean;
}

/** Real radio buttons side by side. */
export function RadioGroup<T extends string>(props: RadioGroupProps<T>) {
  return (
    <fieldset class="radio-group" disabled={props.disabled}>
      <legend>{props.legend}</legend>
      <div class="choices">
        {props.choices.map(({ value, label }) => (
          <label key={value}>
            <input
              type="radio"
              name={props.name}
              checked={props.value === value}
              onChange={() => props.onChoose(value)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
