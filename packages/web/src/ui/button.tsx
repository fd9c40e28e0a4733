import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

/** What a button of the bar or of a panel is. */
export interface ButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  /** Shows only the icon; the label stays as the name and the tooltip. */
  readonly iconOnly?: boolean;
  /** Shows this instead of the label; the label stays as the name and the tooltip. */
  readonly short?: string;
  readonly onPress: () => void;
  /** The pointer or the focus has come: it may be pressed soon. */
  readonly onApproach?: () => void;
  readonly look?: 'bar' | 'plain' | 'primary';
  /** For a button that is on or off. */
  readonly pressed?: boolean;
  /** For a button that opens something. */
  readonly expanded?: boolean;
  readonly controls?: string;
  readonly id?: string;
  /** Keeps its place and focus, but does nothing. */
  readonly disabled?: boolean;
  readonly children?: ComponentChildren;
}

/** A real button with a name. */
export function Button(props: ButtonProps) {
  const { label, icon, iconOnly = false, short, look = 'plain', disabled = false, onPress } = props;
  const isShort = iconOnly || short !== undefined;
  return (
    <button
      type="button"
      id={props.id}
      class={`button ${look}`}
      title={isShort ? label : undefined}
      aria-label={isShort ? label : undefined}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-controls={props.controls}
      aria-disabled={disabled || undefined}
      onPointerEnter={props.onApproach}
      onFocus={props.onApproach}
      onClick={() => {
        if (!disabled) onPress();
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      {!iconOnly && <span class="label">{short ?? label}</span>}
      {props.children}
    </button>
  );
}
