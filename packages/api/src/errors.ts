/**
 * Who is at fault, and so what a front end answers. Closed: every front end maps it exhaustively.
 *
 * - `invalid`: the request is malformed or names something that does not exist (HTTP 400)
 * - `operation`: the request is well-formed but cannot be done in this state (HTTP 400)
 * - `busy`: another operation of the same region is under way (HTTP 409)
 * - `unauthorized`: no credentials were given (HTTP 401)
 * - `forbidden`: the credentials are wrong, ended or not enough (HTTP 403)
 * - `unavailable`: the part is switched off, starting, or its device is gone (HTTP 503)
 * - `full`: the storage has no room left (HTTP 507)
 */
export type ErrorKind =
  | 'invalid'
  | 'operation'
  | 'busy'
  | 'unauthorized'
  | 'forbidden'
  | 'unavailable'
  | 'full';

/** The HTTP status that PiKVM's front end gives to each kind of error. */
export const STATUS_OF_KIND = {
  invalid: 400,
  operation: 400,
  busy: 409,
  unauthorized: 401,
  forbidden: 403,
  unavailable: 503,
  full: 507,
} as const satisfies Record<ErrorKind, number>;

/** Every error name on the wire with its kind and its standard text (PiKVM's names and texts). */
export const ERRORS = {
  ValidatorError: ['invalid', 'The request is not valid'],
  HttpError: ['invalid', 'The request cannot be understood'],
  UnauthorizedError: ['unauthorized', 'Unauthorized'],
  ForbiddenError: ['forbidden', 'Forbidden'],
  UnavailableError: ['unavailable', 'Service Unavailable'],
  SessionNotFoundError: ['operation', 'There is no such session'],
  AtxIsBusyError: ['busy', 'Performing another ATX operation, please try again later'],
  AtxDisabledError: ['operation', 'ATX is disabled'],
  HidDisabledError: ['operation', 'HID is disabled'],
  HidIsBusyError: ['busy', 'Another text is being typed, please try again later'],
  MsdDisabledError: ['operation', 'MSD is disabled'],
  MsdIsBusyError: ['busy', 'Performing another MSD operation, please try again later'],
  MsdOfflineError: ['operation', 'MSD is not found'],
  MsdConnectedError: ['operation', "MSD is connected to Server, but shouldn't for this operation"],
  MsdDisconnectedError: [
    'operation',
    'MSD is disconnected from Server, but should be for this operation',
  ],
  MsdImageNotSelected: ['operation', 'The image is not selected'],
  MsdUnknownImageError: ['operation', 'The image is not found in the storage'],
  MsdImageExistsError: ['operation', 'This image is already exists'],
  MsdRemoteDisabledError: ['operation', 'Remote images binding is disabled'],
  MsdLinkError: ['operation', 'The source of the image cannot be used without copying it'],
  MsdUploadBrokenError: ['operation', 'The image did not come whole'],
  MsdStorageFullError: ['full', 'The storage has no room for this image'],
  MsdStorageReadOnlyError: ['operation', 'The storage cannot be written'],
  ClientConnectorError: ['operation', 'Cannot connect to the remote'],
  ClientResponseError: ['operation', 'The remote does not give the image'],
  ClientPayloadError: ['operation', 'Response payload is not completed'],
  ServerTimeoutError: ['operation', 'The remote is silent for too long'],
  TooManyRedirects: ['operation', 'The remote redirects too often'],
  MsdDriveError: ['operation', 'The virtual drive cannot do that'],
  SwitchUnknownEdidError: ['operation', 'No specified EDID ID found'],
  GpioChannelNotFoundError: ['operation', 'GPIO channel is not found'],
  GpioChannelIsBusyError: [
    'busy',
    'Performing another GPIO operation on this channel, please try again later',
  ],
  GpioSwitchNotSupported: ['operation', 'This GPIO channel does not support switching'],
  GpioPulseNotSupported: ['operation', 'This GPIO channel does not support pulsing'],
  GpioDriverOfflineError: ['operation', 'The GPIO driver is offline'],
  StreamerResolutionNotSupported: [
    'operation',
    'This streamer does not support resolution settings',
  ],
  StreamerQualityNotSupported: ['operation', 'This streamer does not support quality settings'],
  StreamerH264NotSupported: ['operation', 'This streamer does not support H264'],
  WebRtcViewerNotFoundError: ['operation', 'There is no such viewer'],
  MachineNotFoundError: ['operation', 'There is no machine of this name'],
} as const satisfies Record<string, readonly [ErrorKind, string]>;

/** A name of the table above. */
export type ErrorName = keyof typeof ERRORS;

/**
 * The one error class of the project. `name` is what the wire carries, `message` what the operator
 * reads, `cause` what the log keeps.
 */
export class KvmError extends Error {
  override readonly name: ErrorName;
  readonly kind: ErrorKind;

  /** `message` replaces the table's standard text; keep the standard text where a recording has it. */
  constructor(name: ErrorName, message?: string, options?: { readonly cause?: unknown }) {
    super(message ?? ERRORS[name][1], options);
    this.name = name;
    this.kind = ERRORS[name][0];
  }
}

/** A parameter that did not pass its validator; the message is PiKVM's. */
export class ValidatorError extends KvmError {
  constructor(message: string) {
    super('ValidatorError', message);
  }
}
