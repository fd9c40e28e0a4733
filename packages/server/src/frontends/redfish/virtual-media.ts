import { KvmError, valid } from '@crashcart/api';
import type { Machine } from '../../core/machine.ts';
import { objectIn } from './body.ts';
import { collection, type RedfishResource } from './resource.ts';

const PATH = '/Managers/BMC/VirtualMedia';

/** The drives: one. */
export const virtualMedia: RedfishResource = {
  path: /^\/Managers\/BMC\/VirtualMedia$/,
  methods: {
    GET: {
      permission: 'view',
      answer: ({ root }) =>
        collection(`${root}${PATH}`, 'VirtualMediaCollection', 'Virtual Media Collection', [
          `${root}${PATH}/MSD`,
        ]),
    },
  },
};

/** The virtual drive and what is in it. */
export const virtualDrive: RedfishResource = {
  path: /^\/Managers\/BMC\/VirtualMedia\/MSD$/,
  methods: {
    GET: {
      permission: 'view',
      answer({ root, host }) {
        const { enabled, online, busy, drive } = host.machine.msd.state.value;
        const self = `${root}${PATH}/MSD`;
        const inserted = drive?.connected ?? false;
        const image = inserted ? (drive?.image?.name ?? null) : null;
        return {
          '@odata.id': self,
          '@odata.type': '#VirtualMedia.v1_4_0.VirtualMedia',
          Id: 'MSD',
          Name: 'Virtual CD/DVD/Flash Drive',
          Description: 'PiKVM Virtual CD/DVD/Flash Drive',
          MediaTypes: ['USBStick', 'CD', 'DVD'],
          Inserted: inserted,
          ConnectedVia: inserted ? 'Oem' : 'NotConnected',
          Image: image,
          ImageName: image,
          WriteProtected: !(drive?.rw ?? false),
          Actions: {
            '#VirtualMedia.InsertMedia': {
              'Image@Redfish.AllowableValues': ['URI'],
              target: `${self}/Actions/VirtualMedia.InsertMedia`,
            },
            '#VirtualMedia.EjectMedia': {
              target: `${self}/Actions/VirtualMedia.EjectMedia`,
            },
          },
          Oem: {
            PiKVM: {
              '@odata.context': `${root}/$metadata#PiKVMVirtualMedia.PiKVMVirtualMedia`,
              '@odata.type': '#PiKVMVirtualMedia.v1_0_0.PiKVMVirtualMedia',
              DriveOptical: drive?.cdrom ?? false,
              MsdBusy: busy,
              MsdEnabled: enabled,
              MsdOnline: online,
            },
          },
        };
      },
    },
  },
};

/** Puts an image of the storage into the drive, in the place of what is in. */
export const insertMedia: RedfishResource = {
  path: /^\/Managers\/BMC\/VirtualMedia\/MSD\/Actions\/VirtualMedia\.InsertMedia$/,
  methods: {
    POST: {
      permission: 'media',
      async answer({ body, host }) {
        const given = objectIn(body);
        if (given === undefined) throw new KvmError('HttpError', 'Invalid body');
        const image = valid.text('stripped string', /./)(given.Image);
        const inserted = valid.bool(given.Inserted ?? true);
        const rw = !valid.bool(given.WriteProtected ?? true);
        await insert(host.machine.msd, { image, inserted, rw });
        return undefined;
      },
    },
  },
};

/** Takes out what is in the drive. */
export const ejectMedia: RedfishResource = {
  path: /^\/Managers\/BMC\/VirtualMedia\/MSD\/Actions\/VirtualMedia\.EjectMedia$/,
  methods: {
    POST: {
      permission: 'media',
      async answer({ host }) {
        const { msd } = host.machine;
        await msd.setConnected(false);
        await msd.setParams({ image: '' });
        return undefined;
      },
    },
  },
};

async function insert(
  msd: Machine['msd'],
  wanted: { readonly image: string; readonly inserted: boolean; readonly rw: boolean },
): Promise<void> {
  const { image, inserted, rw } = wanted;
  const { enabled, storage, drive } = msd.state.value;
  // Looked at before anything is ejected: a wrong name must not cost the machine its medium.
  if (enabled && !Object.hasOwn(storage?.images ?? {}, image)) {
    throw new KvmError('MsdUnknownImageError');
  }
  if (drive?.connected) await msd.setConnected(false);
  await msd.setParams({ image, cdrom: /\.iso$/i.test(image), rw });
  if (inserted) await msd.setConnected(true);
}
