import type { Permission } from '@crashcart/api';
import type { Host } from '../http/host.ts';

/** One allowed request to a resource. */
export interface RedfishCall {
  readonly host: Host;
  /** What the identifiers of this service begin with: `/redfish/v1`, of further machines `/m/ID/…`. */
  readonly root: string;
  /** The part of the path that names the member, as sent but decoded. */
  readonly id: string;
  /** Of POST and PATCH. */
  readonly body: Buffer;
}

/** What a method of a resource does; its JSON is the answer, undefined is 204. */
export interface RedfishMethod {
  readonly permission: Permission;
  /** May throw KvmErrors. */
  answer(call: RedfishCall): object | undefined | Promise<object | undefined>;
}

/** A resource, or a collection of them, with its methods. */
export interface RedfishResource {
  /** Below /redfish/v1; its one group is the member's id. */
  readonly path: RegExp;
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PATCH', RedfishMethod>>>;
}

/** A collection as DSP0266, 7.7 has it. */
export function collection(
  id: string,
  type: string,
  name: string,
  members: readonly string[],
): object {
  return {
    '@odata.id': id,
    '@odata.type': `#${type}.${type}`,
    Name: name,
    Members: members.map((member) => ({ '@odata.id': member })),
    'Members@odata.count': members.length,
  };
}
