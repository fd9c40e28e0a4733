import { KEY_NAMES } from '@crashcart/api';

const inGroup = (pattern: RegExp) => KEY_NAMES.filter((key) => pattern.test(key));

/** All keys, as a list to choose from has them. */
export const KEY_GROUPS = [
  { label: 'Modifiers', members: inGroup(/^(Control|Shift|Alt|Meta)/) },
  { label: 'Letters', members: inGroup(/^Key[A-Z]$/) },
  { label: 'Digits', members: inGroup(/^Digit/) },
  { label: 'F keys', members: inGroup(/^F\d+$/) },
  {
    label: 'Moving and editing',
    members: inGroup(/^(Escape|Enter|Tab|Space|Backspace|Insert|Delete|Home|End|Page|Arrow)/),
  },
  {
    label: 'Signs',
    members: inGroup(
      /^(Minus|Equal|Bracket|Backslash|Semicolon|Quote|Backquote|Comma|Period|Slash|IntlBackslash)/,
    ),
  },
  { label: 'Number pad', members: inGroup(/^Num(pad|Lock)/) },
  {
    label: 'Others',
    members: inGroup(
      /^(CapsLock|ScrollLock|PrintScreen|Pause|ContextMenu|Power|Audio|IntlRo|IntlYen|Kana|Convert|NonConvert)/,
    ),
  },
];
