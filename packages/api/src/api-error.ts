/** A failed call: `name` is the error of the server, or `HttpError` for a plain-text answer. */
export class ApiError extends Error {
  override readonly name: string;
  /** HTTP status. */
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}
