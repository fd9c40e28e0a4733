import type { DbusMessage } from '../../protocols/dbus/message.ts';
import { type DbusValue, dbusVariant, isDbusVariant } from '../../protocols/dbus/values.ts';
import { HID_SERVICE_UUID } from '../../protocols/hid-sdp-record.ts';
import { type Bus, BusError } from './bus.ts';

/** How an adapter is to be. */
export interface AdapterOptions {
  /** Its name in the kernel, for instance hci0. */
  readonly iface: string;
  /** The name that machines show. */
  readonly alias: string;
  /** Our service, as XML. */
  readonly record: string;
  readonly isPairingRequired: boolean;
  readonly isAuthorizationRequired: boolean;
  /** A machine is to be disconnected, by its address. */
  readonly onDisconnect: (address: string) => void;
}

const BLUEZ = 'org.bluez';
const ADAPTER = 'org.bluez.Adapter1';
const PROFILES = { path: '/org/bluez', interface: 'org.bluez.ProfileManager1' };
const PROFILE = 'org.bluez.Profile1';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const OBJECTS = 'org.freedesktop.DBus.ObjectManager';
const REJECTED = 'org.bluez.Error.Rejected';
const UNKNOWN_METHOD = 'org.freedesktop.DBus.Error.UnknownMethod';
const NO_SUCH_DEVICE = 'org.bluez.Error.DoesNotExist';

/** There is no such adapter, but maybe others. */
export class NoAdapterError extends Error {
  override readonly name = 'NoAdapterError';
  /** Names of those that are there. */
  readonly others: readonly string[];

  constructor(iface: string, others: readonly string[]) {
    super(`There is no Bluetooth adapter ${iface}`);
    this.others = others;
  }
}

/** A Bluetooth adapter of BlueZ that offers our service while it is open (BlueZ's D-Bus API). */
export class BluezAdapter implements AsyncDisposable {
  /** As 00:11:22:33:44:55. */
  readonly address: string;
  readonly #bus: Bus;
  readonly #path: string;
  readonly #gone = new AbortController();
  #onDisconnect: (address: string) => void;

  private constructor(bus: Bus, path: string, address: string, options: AdapterOptions) {
    this.#bus = bus;
    this.#path = path;
    this.address = address;
    this.#onDisconnect = options.onDisconnect;
    bus.gone.addEventListener('abort', () => this.#gone.abort(bus.gone.reason));
  }

  /** Switches an adapter on and offers the service. Rejects with a BusError or a NoAdapterError. */
  static async open(bus: Bus, options: AdapterOptions): Promise<BluezAdapter> {
    const { iface, alias } = options;
    const path = `/org/bluez/${iface}`;
    const adapter = new BluezAdapter(bus, path, await addressOf(bus, path, iface), options);
    await adapter.#watch();
    await adapter.#set('Alias', dbusVariant('s', alias));
    await adapter.#register(options);
    await adapter.#set('Powered', dbusVariant('b', true));
    return adapter;
  }

  /** Aborts when the adapter, BlueZ or the bus is no longer there. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether machines find us and may pair. */
  async setPublic(isPublic: boolean): Promise<void> {
    // BlueZ's own default is to be found for three minutes.
    if (isPublic) await this.#set('DiscoverableTimeout', dbusVariant('u', 0));
    await this.#set('Pairable', dbusVariant('b', isPublic));
    await this.#set('Discoverable', dbusVariant('b', isPublic));
  }

  /** Forgets the pairing with a machine, if there is any. */
  async unpair(address: string): Promise<void> {
    const device = `${this.#path}/dev_${address.replaceAll(':', '_')}`;
    const call = { interface: ADAPTER, member: 'RemoveDevice', signature: 'o', body: [device] };
    try {
      await this.#bus.call({ destination: BLUEZ, path: this.#path, ...call });
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== NO_SUCH_DEVICE) throw error;
    }
  }

  /** Withdraws the service, if BlueZ is still there. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#onDisconnect = () => undefined;
    if (this.gone.aborted) return;
    const call = { ...PROFILES, member: 'UnregisterProfile', signature: 'o', body: [this.#path] };
    await this.#bus.call({ destination: BLUEZ, ...call }).catch(() => undefined);
  }

  async #register(options: AdapterOptions): Promise<void> {
    this.#bus.export(this.#path, (call) => this.#called(call));
    const profile = new Map<DbusValue, DbusValue>([
      ['ServiceRecord', dbusVariant('s', options.record)],
      ['Role', dbusVariant('s', 'server')],
      ['RequireAuthentication', dbusVariant('b', options.isPairingRequired)],
      ['RequireAuthorization', dbusVariant('b', options.isAuthorizationRequired)],
    ]);
    await this.#bus.call({
      ...{ destination: BLUEZ, ...PROFILES, member: 'RegisterProfile', signature: 'osa{sv}' },
      body: [this.#path, HID_SERVICE_UUID, profile],
    });
  }

  /** BlueZ calls our profile. */
  #called({ interface: ours = PROFILE, member, body: [device] }: DbusMessage): void {
    if (ours !== PROFILE) throw new BusError(UNKNOWN_METHOD, `There is no ${ours}`);
    if (member === 'Release') this.#gone.abort(new Error('BlueZ has withdrawn our HID service'));
    else if (member === 'RequestDisconnection') {
      const [, address] = /\/dev_((?:[\dA-F]{2}_){5}[\dA-F]{2})$/.exec(String(device)) ?? [];
      if (address) this.#onDisconnect(address.replaceAll('_', ':'));
    } else if (member === 'NewConnection') {
      throw new BusError(REJECTED, 'Connections are taken by L2CAP itself');
    } else throw new BusError(UNKNOWN_METHOD, 'A Profile1 has no such method');
  }

  async #watch(): Promise<void> {
    const follow = (signal: DbusMessage) => {
      const lost = lossOf(signal, this.#path);
      if (lost) this.#gone.abort(new Error(lost));
    };
    const owner = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'";
    await this.#bus.follow(`${owner},arg0='${BLUEZ}'`, follow);
    await this.#bus.follow(
      `type='signal',sender='${BLUEZ}',interface='${OBJECTS}'`,
      () => undefined,
    );
    const changes = `type='signal',sender='${BLUEZ}',interface='${PROPERTIES}'`;
    await this.#bus.follow(`${changes},path='${this.#path}'`, () => undefined);
  }

  async #set(name: string, value: DbusValue): Promise<void> {
    await this.#bus.call({
      ...{ destination: BLUEZ, path: this.#path, interface: PROPERTIES, member: 'Set' },
      ...{ signature: 'ssv', body: [ADAPTER, name, value] },
    });
  }
}

/** What a signal says that ends our service; undefined for all others. */
function lossOf({ member, path, body }: DbusMessage, adapter: string): string | undefined {
  const [first, second] = body;
  if (member === 'NameOwnerChanged' && first === BLUEZ) return 'bluetoothd has gone';
  if (member === 'InterfacesRemoved' && first === adapter) {
    const isAdapter = Array.isArray(second) && second.includes(ADAPTER);
    return isAdapter ? 'The Bluetooth adapter has gone' : undefined;
  }
  if (member !== 'PropertiesChanged' || path !== adapter || first !== ADAPTER) return undefined;
  const powered = second instanceof Map ? second.get('Powered') : undefined;
  const isOff = isDbusVariant(powered) && powered.value === false;
  return isOff ? 'The Bluetooth adapter was switched off' : undefined;
}

async function addressOf(bus: Bus, path: string, iface: string): Promise<string> {
  const adapters = await adaptersOf(bus);
  const properties = adapters.get(path);
  const address = properties instanceof Map ? properties.get('Address') : undefined;
  if (isDbusVariant(address) && typeof address.value === 'string') return address.value;
  throw new NoAdapterError(
    iface,
    [...adapters.keys()].map((each) => each.slice(each.lastIndexOf('/') + 1)),
  );
}

/** Properties of all adapters by their paths. */
async function adaptersOf(bus: Bus): Promise<ReadonlyMap<string, DbusValue>> {
  const call = { destination: BLUEZ, path: '/', interface: OBJECTS, member: 'GetManagedObjects' };
  const [objects] = await bus.call(call);
  const adapters = new Map<string, DbusValue>();
  if (!(objects instanceof Map)) return adapters;
  for (const [path, interfaces] of objects) {
    const properties = interfaces instanceof Map ? interfaces.get(ADAPTER) : undefined;
    if (properties !== undefined) adapters.set(String(path), properties);
  }
  return adapters;
}
