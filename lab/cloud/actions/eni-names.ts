// How long the name and the description of an ENI may be.
import { ApiError } from '../api-error.ts';

const MAX_NAME_BYTES = 60;
const MAX_DESCRIPTION = 60;

/** At most 60 bytes (facts, section 8). */
export function checkName(name: string): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw new ApiError(
      'InvalidParameterValue.TooLong',
      `NetworkInterfaceName has ${Buffer.byteLength(name)} bytes; at most ${MAX_NAME_BYTES}`,
    );
}

/** At most 60 characters, as UTF-16 counts them (facts, section 8). */
export function checkEniDescription(description: string): void {
  if (description.length > MAX_DESCRIPTION)
    throw new ApiError(
      'InvalidParameterValue.TooLong',
      `NetworkInterfaceDescription has more than ${MAX_DESCRIPTION} characters`,
    );
}
