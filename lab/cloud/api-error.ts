// The one error that actions throw: a code of the real API and a text that says what was wrong.

/** Answered as `Response.Error`; `code` is one of the API's own codes (facts of the cloud API, sections 3.5 and 7 to 16). */
export class ApiError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}
