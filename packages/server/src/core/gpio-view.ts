import type { GpioState, GpioViewItem } from '@crashcart/api';

/** The menu as it is configured: cells of text. */
export interface GpioViewConfig {
  /** A text is one label; a list holds labels and inputs. */
  readonly title: string | readonly string[];
  readonly table: readonly (readonly string[])[];
}

/** Channels that a cell may name. */
export interface ViewChannels {
  isInput(channel: string): boolean;
  isOutput(channel: string): boolean;
}

type View = GpioState['model']['view'];

const COLORS = ['green', 'yellow', 'red', 'blue', 'cyan', 'magenta', 'pink', 'white'];

/**
 * The menu as the wire has it. Cells of unknown channels are dropped, and a row that has no others
 * with them; an empty row is a separator (null).
 */
export function parseView({ title, table }: GpioViewConfig, channels: ViewChannels): View {
  return {
    header: {
      title:
        typeof title === 'string'
          ? [{ type: 'label', text: title }]
          : parseRow(title, channels).filter(({ type }) => type !== 'output'),
    },
    table: table.flatMap((row) => {
      if (row.length === 0) return [null];
      const items = parseRow(row, channels);
      return items.length > 0 ? [items] : [];
    }),
  };
}

function parseRow(row: readonly string[], channels: ViewChannels): readonly GpioViewItem[] {
  return row.flatMap((cell) => parseCell(cell.trim(), channels) ?? []);
}

/**
 *     ""  "#TEXT"                                     label
 *     "CHANNEL"  "CHANNEL|COLOR"                      input, green unless the colour is a known one
 *     "CHANNEL"  "CHANNEL|TEXT"  "CHANNEL|FLAGS|TEXT" output; flags: confirm, hide, by comma
 */
function parseCell(cell: string, channels: ViewChannels): GpioViewItem | undefined {
  if (cell === '' || cell.startsWith('#')) return { type: 'label', text: cell.slice(1).trim() };
  const [channel = '', ...parts] = cell.split('|').map((part) => part.trim());
  if (channels.isInput(channel)) {
    const [color = ''] = parts;
    return { type: 'input', channel, color: COLORS.includes(color) ? color : 'green' };
  }
  if (!channels.isOutput(channel)) return undefined;
  const [flags, ...texts] = parts.length > 1 ? parts : ['', ...parts];
  const words = (flags ?? '').split(',').map((flag) => flag.trim());
  return {
    type: 'output',
    channel,
    confirm: words.includes('confirm'),
    hide: words.includes('hide'),
    text: texts.join('|') || 'Click',
  };
}
