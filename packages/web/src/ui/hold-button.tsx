import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Hold } from './hold.ts';
import { Icon, type IconName } from './icon.tsx';

/** What a button for a dangerous act is. */
export interface HoldButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  readonly describedBy?: string;
  readonly onHeld: () => void;
  readonly disabled?: boolean;
}

/** A button that acts after being held for a second; a ring shows how far it is. */
export function HoldButton(props: HoldButtonProps) {
  const [holding, setHolding] = useState(false);
  const act = useRef(props.onHeld);
  act.current = props.onHeld;
  const hold = useMemo(() => new Hold(() => act.current(), setHolding), []);
  useEffect(() => () => hold.cancel(), [hold]);
  const { disabled = false } = props;
  const begin = () => {
    if (!disabled) hold.begin();
  };
  const cancel = () => hold.cancel();
  const isHoldKey = (event: KeyboardEvent) => event.key === ' ' || event.key === 'Enter';
  return (
    <button
      type="button"
      class="button plain hold"
      data-holding={holding}
      aria-disabled={disabled || undefined}
      aria-describedby={props.describedBy}
      onPointerDown={(event) => {
        if (event.button === 0) begin();
      }}
      onPointerUp={cancel}
      onPointerLeave={cancel}
      onPointerCancel={cancel}
      onBlur={cancel}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isHoldKey(event)) return;
        event.preventDefault();
        if (!event.repeat) begin();
      }}
      onKeyUp={(event) => {
        if (isHoldKey(event)) cancel();
      }}
    >
      {props.icon !== undefined && <Icon name={props.icon} />}
      <span class="label">{props.label}</span>
      <HoldRing />
    </button>
  );
}

/** The ring that fills while something with the class `hold` is held. */
export function HoldRing() {
  return (
    <svg class="ring" viewBox="0 0 24 24" aria-hidden="true">
      <circle class="track" cx="12" cy="12" r="9" />
      <circle class="fill" cx="12" cy="12" r="9" pathLength="1" />
    </svg>
  );
}
