import { type AtxPowerAction, KvmError } from '@crashcart/api';
import type { Machine } from '../../core/machine.ts';
import { objectIn } from './body.ts';
import { collection, type RedfishCall, type RedfishResource } from './resource.ts';

/** The managed computers: the machine, and those at the ports of its Switch. */
export const systems: RedfishResource = {
  path: /^\/Systems$/,
  methods: {
    GET: {
      permission: 'view',
      answer({ root, host }) {
        const ports = host.machine.switch.state.value.model.ports.keys();
        const ids = ['0', ...[...ports].map((port) => `SwitchPort${port}`)];
        const members = ids.map((id) => `${root}/Systems/${id}`);
        const name = 'Computer System Collection';
        return collection(`${root}/Systems`, 'ComputerSystemCollection', name, members);
      },
    },
  },
};

/** A computer; as in PiKVM a PATCH, as provisioners send for the boot order, changes nothing. */
export const system: RedfishResource = {
  path: /^\/Systems\/([^/]+)$/,
  methods: {
    GET: {
      permission: 'view',
      answer(call) {
        const { id, powered } = systemOf(call);
        if (powered === undefined) throw new KvmError('HttpError', 'Non-existent Switch Port ID');
        const self = `${call.root}/Systems/${id}`;
        return {
          '@odata.id': self,
          '@odata.type': '#ComputerSystem.v1_10_0.ComputerSystem',
          Id: id,
          HostName: call.host.info.value.node.host,
          PowerState: powered ? 'On' : 'Off',
          Boot: { BootSourceOverrideEnabled: 'Disabled', BootSourceOverrideTarget: null },
          Actions: {
            '#ComputerSystem.Reset': {
              'ResetType@Redfish.AllowableValues': Object.keys(RESETS),
              target: `${self}/Actions/ComputerSystem.Reset`,
            },
          },
        };
      },
    },
    PATCH: { permission: 'power', answer: () => undefined },
  },
};

/** Power and reset; the answer does not wait for the end of the press. */
export const systemReset: RedfishResource = {
  path: /^\/Systems\/([^/]+)\/Actions\/ComputerSystem\.Reset$/,
  methods: {
    POST: {
      permission: 'power',
      async answer(call) {
        const { power, click } = systemOf(call);
        const type = objectIn(call.body)?.ResetType;
        const reset = typeof type === 'string' && Object.hasOwn(RESETS, type) && RESETS[type];
        if (!reset) throw new KvmError('HttpError', 'Missing or invalid ResetType');
        await (reset === 'click' ? click() : power(reset));
        return undefined;
      },
    },
  },
};

/** What each ResetType does; the names are DSP0268's. */
const RESETS: Readonly<Record<string, AtxPowerAction | 'click'>> = {
  On: 'on',
  ForceOff: 'off_hard',
  GracefulShutdown: 'off',
  ForceRestart: 'reset_hard',
  ForceOn: 'on',
  PushPowerButton: 'click',
};

/** A computer whose buttons can be pressed. */
interface System {
  readonly id: string;
  /** Undefined for a port that the Switch does not have. */
  readonly powered: boolean | undefined;
  power(action: AtxPowerAction): Promise<void> | void;
  click(): Promise<void> | void;
}

function systemOf({ id, host: { machine } }: RedfishCall): System {
  const name = id.trim();
  if (name === '0') return machineOf(machine);
  const port = /^SwitchPort(\d+)$/.exec(name)?.[1];
  if (port === undefined) throw new KvmError('HttpError', 'Missing or invalid Server ID');
  return portOf(machine, Number(port));
}

function machineOf({ atx }: Machine): System {
  return {
    id: '0',
    powered: atx.state.value.leds.power,
    power: (action) => atx.power(action, false),
    click: () => atx.click('power', false),
  };
}

/** Ports count from 0; what one that is not there is told is lost, as all calls of the Switch. */
function portOf({ switch: units }: Machine, port: number): System {
  return {
    id: `SwitchPort${port}`,
    powered: units.state.value.atx.leds.power[port],
    power: (action) => units.atxPower(port, action),
    click: () => units.atxClick(port, 'power'),
  };
}
