import type { Log } from '../../core/log.ts';
import { Scope } from '../../core/scope.ts';
import type { ServeL2cap } from '../../platform/l2cap.ts';
import { hidSdpRecord } from '../../protocols/hid-sdp-record.ts';
import { HIDP_PSM, hidpReportDescriptor } from '../../protocols/hidp.ts';
import { BluezAdapter } from './adapter.ts';
import { Bus } from './bus.ts';
import type { HidpChannel } from './client.ts';
import type { BtClients } from './clients.ts';

/** Options of the service, named as in the configuration; times in s. */
export interface BtServiceOptions {
  readonly iface: string;
  readonly alias: string;
  readonly manufacturer: string;
  readonly product: string;
  readonly description: string;
  readonly pairing_required: boolean;
  readonly auth_required: boolean;
  readonly control_public: boolean;
  readonly max_clients: number;
  readonly select_timeout: number;
}

/** What the service needs besides. */
export interface BtServiceContext {
  /** Socket of the D-Bus daemon. */
  readonly bus: string;
  readonly serveL2cap: ServeL2cap;
  readonly clients: BtClients;
  /** Addresses of machines that have gone and that BlueZ has not forgotten yet; outlives the service. */
  readonly leavers: Set<string>;
  readonly log: Log;
}

/** Connections that may wait for us. */
const BACKLOG = 5;
/** How long BlueZ may take to hear that we end, ms. */
const CLOSE_MS = 3000;

/**
 * The keyboard and mouse that an adapter offers, from its start until something that it needs goes. Who
 * connects is the clients'; machines find us and may pair as long as one more has a place.
 */
export class BtService implements AsyncDisposable {
  readonly #options: BtServiceOptions;
  readonly #context: BtServiceContext;
  readonly #adapter: BluezAdapter;
  readonly #gone = new AbortController();
  /** What BlueZ is told, one after the other. */
  #telling: Promise<void> = Promise.resolve();
  #isPublic = false;
  #isClosing = false;
  readonly #scope: Scope;

  private constructor(
    options: BtServiceOptions,
    context: BtServiceContext,
    adapter: BluezAdapter,
    scope: Scope,
  ) {
    this.#options = options;
    this.#context = context;
    this.#adapter = adapter;
    this.#scope = scope;
    const { gone } = adapter;
    gone.addEventListener('abort', () => this.#gone.abort(gone.reason));
    if (gone.aborted) this.#gone.abort(gone.reason);
  }

  /** Begins to offer it. Rejects with what keeps it from that, or the reason of `signal`. */
  static async start(
    options: BtServiceOptions,
    context: BtServiceContext,
    signal: AbortSignal,
  ): Promise<BtService> {
    const { clients, serveL2cap } = context;
    const scope = new Scope();
    try {
      const bus = await Bus.connect(context.bus, signal);
      scope.add(() => bus[Symbol.dispose]());
      const giveUp = () => bus[Symbol.dispose]();
      signal.addEventListener('abort', giveUp);
      const adapter = await BluezAdapter.open(bus, {
        ...{ iface: options.iface, alias: options.alias },
        record: hidSdpRecord({ ...options, reportDescriptor: hidpReportDescriptor() }),
        isPairingRequired: options.pairing_required,
        isAuthorizationRequired: options.auth_required,
        onDisconnect: (address) => clients.close(address),
      });
      scope.add(() => adapter[Symbol.asyncDispose]());
      // Before they can come back: BlueZ lets nobody pair anew whom it remembers.
      await forget(adapter, context);
      const server = await serveL2cap({
        ...{ address: adapter.address, psms: Object.values(HIDP_PSM), backlog: BACKLOG },
        isSecure: options.pairing_required,
        maxWaitMs: options.select_timeout * 1000,
        onConnection: (psm, socket, address) => {
          clients.accept(address, channelOf(psm), socket);
        },
      });
      scope.add(() => server[Symbol.asyncDispose]());
      const service = new BtService(options, context, adapter, scope);
      const unsubscribe = clients.count.subscribe(() => service.#follow());
      scope.add(unsubscribe);
      scope.add(() => service.#close(bus));
      service.#follow();
      await service.#telling;
      signal.removeEventListener('abort', giveUp);
      for (const each of [signal, service.gone]) if (each.aborted) throw each.reason;
      return service;
    } catch (error) {
      await scope.close().catch(() => undefined);
      throw error;
    }
  }

  /** Aborts when it is no longer offered. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Disconnects all machines and withdraws it, as far as BlueZ is there. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope.close();
  }

  async #close(bus: Bus): Promise<void> {
    this.#isClosing = true;
    const timer = setTimeout(() => bus[Symbol.dispose](), CLOSE_MS);
    this.#context.clients.closeAll();
    if (this.#isPublic) this.#tell(() => this.#adapter.setPublic(false));
    await this.#telling;
    clearTimeout(timer);
  }

  /** Machines have come, or have gone. */
  #follow(): void {
    if (this.#context.leavers.size > 0) this.#tell(() => forget(this.#adapter, this.#context));
    this.#publish();
  }

  #publish(): void {
    const { control_public, max_clients } = this.#options;
    const isPublic = this.#context.clients.count.value < max_clients;
    if (!control_public || this.#isClosing || isPublic === this.#isPublic) return;
    this.#isPublic = isPublic;
    this.#tell(() => this.#adapter.setPublic(isPublic));
  }

  /** Tells BlueZ something after all that it was told before; a failure ends the service. */
  #tell(what: () => Promise<void>): void {
    const tell = async () => {
      // A bluetoothd that comes anew knows nothing of us.
      if (!this.gone.aborted) await what();
    };
    this.#telling = this.#telling.then(tell).catch((error: unknown) => this.#gone.abort(error));
  }
}

function channelOf(psm: number): HidpChannel {
  return psm === HIDP_PSM.control ? 'control' : 'interrupt';
}

/** Ends the pairing with all that have gone. Who stays paired is told once, unless BlueZ goes meanwhile. */
async function forget(
  adapter: BluezAdapter,
  { leavers, log }: Pick<BtServiceContext, 'leavers' | 'log'>,
): Promise<void> {
  for (const address of leavers) {
    try {
      await adapter.unpair(address);
    } catch (error) {
      if (adapter.gone.aborted) return;
      log.warn({ address, err: error }, 'A machine stays paired');
    }
    leavers.delete(address);
  }
}
