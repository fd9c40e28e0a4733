import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { connected, driveFailure, eject } from './drive.ts';

/** Why the last act with the drive failed, with the step that helps. */
export function DriveFailure() {
  const refusal = driveFailure.value;
  return (
    <div class="drive-alert" role="alert">
      {refusal !== undefined && (
        <div class="drive-failure">
          <Icon name="alert" />
          <p>{refusal.text}</p>
          {refusal.remedy === 'eject' && connected.value && (
            <Button label="Eject" onPress={() => void eject()} />
          )}
          <Button
            label="Dismiss"
            icon="close"
            iconOnly
            look="bar"
            onPress={() => {
              driveFailure.value = undefined;
            }}
          />
        </div>
      )}
    </div>
  );
}
