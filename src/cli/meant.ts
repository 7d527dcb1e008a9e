// From what a search found to the one object, or to the error that lists what else there is.
import type { Found } from '../diagnose/explain/find.ts';
import { type ClusterPicture, gapOf } from '../diagnose/picture/picture.ts';
import { cliError, cliErrors } from './errors.ts';

/** Throws CLI-NAME-AMBIGUOUS or CLI-NAME-UNKNOWN; where the list could not be read, the reason is part of the message. */
export function meant<T>(kind: string, text: string, found: Found<T>, picture: ClusterPicture, list: string): T {
  switch (found.kind) {
    case 'found':
      return found.object;
    case 'ambiguous':
      throw cliError(
        cliErrors.nameAmbiguous,
        `several ${plural(kind)} are meant by "${text}":\n${found.candidates.map((name) => `  ${name}`).join('\n')}`,
      );
    case 'unknown': {
      const gap = gapOf(picture, list);
      if (gap !== undefined) throw cliError(cliErrors.nameUnknown, `no ${kind} "${text}" can be found: ${gap}`);
      const near = found.near.length === 0 ? '' : `; near are:\n${found.near.map((name) => `  ${name}`).join('\n')}`;
      throw cliError(cliErrors.nameUnknown, `there is no ${kind} "${text}"${near}`);
    }
  }
}

const plural = (kind: string): string => (kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`);
