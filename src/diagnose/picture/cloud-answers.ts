// What an error of the cloud means for somebody who only looks.
import { cloudErrors, isCloudError } from '../../cloud/errors.ts';

/** The id is not one of this account and region. */
export const isNotFoundInCloud = (error: unknown): boolean => isCloudError(error, cloudErrors.notFound);
