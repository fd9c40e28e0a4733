import { textHidden } from '../state/settings.ts';
import { Icon } from '../ui/icon.tsx';
import { characterWords, type TypedText } from './typable.ts';
import { characters } from './typing.ts';

/** Which characters of the text do not come out as they are, and what happens to them. */
export function TextWarning(of: { readonly judged: TypedText; readonly layout: string }) {
  const { skipped, replaced, byPosition } = of.judged;
  const isFine = skipped.length + replaced.length + byPosition.length === 0;
  return (
    <div class="text-warning" role="status" aria-label="Warning">
      {!isFine && <Icon name="alert" />}
      <div>
        {skipped.length > 0 && (
          <p>
            {of.layout} cannot type <Characters list={skipped} />. {pronoun(skipped)} left out.
          </p>
        )}
        {replaced.length > 0 && (
          <p>
            {of.layout} lacks <Characters list={replaced} />. {pronoun(replaced)} typed as the plain
            sign that is most alike.
          </p>
        )}
        {byPosition.length > 0 && (
          <p>
            {of.layout} lacks <Characters list={byPosition} />. Right only while the machine is
            switched to Latin letters.
          </p>
        )}
      </div>
    </div>
  );
}

const pronoun = (list: readonly string[]) => (list.length === 1 ? 'It is' : 'They are');

function Characters({ list }: { readonly list: readonly string[] }) {
  // What is hidden is not shown here either.
  if (textHidden.value) return <>{characters(list.length)}</>;
  const { named, more } = characterWords(list);
  return (
    <>
      {named.map((character, index) => [index > 0 && ' ', <kbd key={character}>{character}</kbd>])}
      {more > 0 && ` and ${more} more`}
    </>
  );
}
