import type { DbusMessage } from '../../src/protocols/dbus/message.ts';
import {
  type DbusValue,
  type DbusVariant,
  dbusVariant,
  isDbusVariant,
} from '../../src/protocols/dbus/values.ts';

const ADAPTER = 'org.bluez.Adapter1';

/** What is answered: values, or the name of an error. */
export type FakeAnswer =
  | { readonly signature: string; readonly body: readonly DbusValue[] }
  | { readonly errorName: string };

/** What the stand-in sends by itself. */
export type FakeSend = (message: Omit<DbusMessage, 'serial' | 'sender'>) => void;

const NOTHING: FakeAnswer = { signature: '', body: [] };
const failure = (name: string): FakeAnswer => ({ errorName: `org.bluez.Error.${name}` });

/** A bluetoothd with one adapter, as far as our driver asks for it; see its D-Bus API. */
export class FakeBluez {
  /** Properties of the adapters by their paths. */
  readonly adapters = new Map<string, Map<DbusValue, DbusValue>>();
  /** Everything that was asked of it but the lists of objects, such as `Set Alias PiKVM HID`. */
  readonly asked: string[] = [];
  /** Options of the profile that is registered. */
  profile: ReadonlyMap<DbusValue, DbusValue> | undefined;
  /** Errors that methods have instead of an answer, by `Set Powered` or `RegisterProfile`. */
  readonly failing = new Map<string, string>();
  readonly paired = new Set<string>();
  send: FakeSend = () => undefined;
  #owner = '';

  constructor() {
    this.plug('hci0');
  }

  /** An adapter is there. */
  plug(name: string, address = '00:AA:01:00:00:42'): void {
    const path = `/org/bluez/${name}`;
    this.adapters.set(
      path,
      new Map<DbusValue, DbusValue>([
        ['Address', dbusVariant('s', address)],
        ['Powered', dbusVariant('b', false)],
        ['Discoverable', dbusVariant('b', false)],
      ]),
    );
  }

  /** The adapter is pulled out. */
  unplug(name: string): void {
    const path = `/org/bluez/${name}`;
    this.adapters.delete(path);
    const what = { path: '/', interface: 'org.freedesktop.DBus.ObjectManager' };
    const body = [path, [ADAPTER, 'org.freedesktop.DBus.Properties']];
    this.send({ kind: 'signal', ...what, member: 'InterfacesRemoved', signature: 'oas', body });
  }

  /** A property as it is now. */
  property(name: string, adapter = 'hci0'): DbusValue | undefined {
    const variant = this.adapters.get(`/org/bluez/${adapter}`)?.get(name);
    return isDbusVariant(variant) ? variant.value : undefined;
  }

  /** Changes a property, and says so. */
  change(name: string, value: DbusVariant, adapter = 'hci0'): void {
    const path = `/org/bluez/${adapter}`;
    this.adapters.get(path)?.set(name, value);
    const what = { path, interface: 'org.freedesktop.DBus.Properties' };
    const body = [ADAPTER, new Map<DbusValue, DbusValue>([[name, value]]), []];
    this.send({
      ...{ kind: 'signal', ...what, member: 'PropertiesChanged', signature: 'sa{sv}as', body },
    });
  }

  /** Calls a method of the profile. */
  callProfile(member: string, signature = '', body: readonly DbusValue[] = []): void {
    const to = { destination: this.#owner, path: '/org/bluez/hci0' };
    this.send({ kind: 'call', ...to, interface: 'org.bluez.Profile1', member, signature, body });
  }

  /** Answers a call. */
  answer({ path = '', member = '', body, sender = '' }: DbusMessage): FakeAnswer {
    if (member === 'GetManagedObjects') return this.#objects();
    const words = member === 'Set' ? body.slice(1) : body;
    const plain = words.map((each) => (isDbusVariant(each) ? each.value : each)).map(wordOf);
    this.asked.push([member, ...plain].filter((word) => word !== '').join(' '));
    const wrong = this.failing.get(member) ?? this.failing.get(`${member} ${plain[0]}`);
    if (wrong !== undefined) return { errorName: wrong };
    if (member === 'RegisterProfile') {
      this.#owner = sender;
      const [, , options] = body;
      if (options instanceof Map) this.profile = options;
      return NOTHING;
    }
    if (member === 'UnregisterProfile') {
      this.profile = undefined;
      return NOTHING;
    }
    if (!this.adapters.has(path)) {
      return { errorName: 'org.freedesktop.DBus.Error.UnknownObject' };
    }
    const [first, name, value] = body;
    if (member === 'RemoveDevice') {
      return this.paired.delete(String(first)) ? NOTHING : failure('DoesNotExist');
    }
    if (member !== 'Set' || !isDbusVariant(value)) return failure('InvalidArguments');
    this.change(String(name), value, path.slice('/org/bluez/'.length));
    return NOTHING;
  }

  #objects(): FakeAnswer {
    const objects = new Map<DbusValue, DbusValue>([['/org/bluez', new Map()]]);
    for (const [path, properties] of this.adapters) {
      objects.set(path, new Map<DbusValue, DbusValue>([[ADAPTER, properties]]));
    }
    return { signature: 'a{oa{sa{sv}}}', body: [objects] };
  }
}

function wordOf(value: DbusValue): string {
  return value instanceof Map ? '' : String(value);
}
