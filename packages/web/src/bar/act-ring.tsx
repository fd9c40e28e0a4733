import { allDone, type LongAct, longActs } from '../state/long-acts.ts';
import { openPanel } from '../state/panels.ts';

/** A ring in the bar while something takes long; its place is kept when nothing does. */
export function ActRing() {
  const [first, ...others] = longActs.value;
  return (
    <div class="act-ring">
      {first !== undefined && (
        <button
          type="button"
          class="button bar"
          title={ringText(first, others.length)}
          aria-label={ringText(first, others.length)}
          onClick={() => {
            openPanel.value = first.panel;
          }}
        >
          <Ring share={allDone.value} />
        </button>
      )}
    </div>
  );
}

function Ring({ share }: { readonly share: number | undefined }) {
  return (
    <svg class="ring" data-known={share !== undefined} viewBox="0 0 24 24" aria-hidden="true">
      <circle class="track" cx="12" cy="12" r="9" />
      <circle
        class="fill"
        cx="12"
        cy="12"
        r="9"
        pathLength="1"
        stroke-dashoffset={1 - (share ?? 0.25)}
      />
    </svg>
  );
}

function ringText({ title, done, total }: LongAct, others: number): string {
  const percent = total ? `, ${Math.floor((100 * done) / total)} %` : '';
  return `${title}${percent}${others > 0 ? ` and ${others} more` : ''}`;
}
