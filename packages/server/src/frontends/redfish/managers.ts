import { collection, type RedfishResource } from './resource.ts';

/** The service itself; it needs no login. */
export const serviceRoot: RedfishResource = {
  path: /^$/,
  methods: {
    GET: {
      permission: 'public',
      answer: ({ root }) => ({
        '@odata.id': root,
        '@odata.type': '#ServiceRoot.v1_6_0.ServiceRoot',
        Id: 'RootService',
        Name: 'Root Service',
        RedfishVersion: '1.6.0',
        Systems: { '@odata.id': `${root}/Systems` },
        Managers: { '@odata.id': `${root}/Managers` },
      }),
    },
  },
};

/** What manages the machine: this server, as the one member. */
export const managers: RedfishResource = {
  path: /^\/Managers$/,
  methods: {
    GET: {
      permission: 'view',
      answer: ({ root }) =>
        collection(`${root}/Managers`, 'ManagerCollection', 'Manager Collection', [
          `${root}/Managers/BMC`,
        ]),
    },
  },
};

/** The manager, which has the virtual media. */
export const manager: RedfishResource = {
  path: /^\/Managers\/BMC$/,
  methods: {
    GET: {
      permission: 'view',
      answer: ({ root, host }) => ({
        '@odata.id': `${root}/Managers/BMC`,
        '@odata.type': '#Manager.v1_6_0.Manager',
        Id: 'BMC',
        Name: 'Manager',
        ManagerType: 'BMC',
        FirmwareVersion: host.info.value.system.crashcart.version,
        Status: { State: 'Enabled', Health: 'OK' },
        VirtualMedia: { '@odata.id': `${root}/Managers/BMC/VirtualMedia` },
        Links: { ManagerForServers: [{ '@odata.id': `${root}/Systems/0` }] },
      }),
    },
  },
};
