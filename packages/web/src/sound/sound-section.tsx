import { useEffect } from 'preact/hooks';
import { Range } from '../ui/range.tsx';
import { Switch } from '../ui/switch.tsx';
import {
  askForSound,
  soundOffer,
  soundOn,
  soundTrouble,
  soundVolume,
  VOLUME,
} from './sound-state.ts';

const NO_WEBRTC = 'The sound comes by WebRTC, which this browser does not have.';

/** The machine's sound in the Screen panel: on or off and how loud, or why there is none. */
export function SoundSection() {
  // A machine may have come since the page asked.
  useEffect(() => void askForSound(), []);
  const offer = soundOffer.value;
  if (offer === undefined) return null;
  const lack = 'reason' in offer ? offer.reason : hasWebRtc() ? undefined : NO_WEBRTC;
  return (
    <section>
      <h3>Sound</h3>
      {lack !== undefined && !soundOn.value ? (
        <p class="note">{lack}</p>
      ) : (
        <>
          <Switch
            label="Hear the machine"
            on={soundOn.value}
            onChange={(on) => {
              soundOn.value = on;
            }}
          />
          <Range
            label="Volume"
            {...{ min: VOLUME.min, max: VOLUME.max, step: 5 }}
            value={soundVolume.value}
            words={(percent) => `${percent} %`}
            onChange={(percent) => {
              soundVolume.value = percent;
            }}
          />
          <p class="note" role="status">
            {soundTrouble.value ?? lack}
          </p>
        </>
      )}
    </section>
  );
}

const hasWebRtc = () => typeof RTCPeerConnection === 'function';
