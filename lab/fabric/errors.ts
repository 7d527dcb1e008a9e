// What can go wrong in the fabric, as catalogue rows.
import type { CatalogueEntry } from '../../src/base/errors.ts';

const row = (
  code: string,
  title: string,
  cause: string,
  cure: string,
  retry: CatalogueEntry['retry'],
): CatalogueEntry => ({
  code,
  title,
  cause,
  cure,
  retry,
  eventReason: 'FabricFailed',
});

/** Every error of `lab/fabric`. */
export const FABRIC_ERRORS = {
  rule: row(
    'FABRIC-RULE',
    'A security group rule cannot be turned into packet filters',
    'Protocol, port or peer of a rule in the snapshot is not one that the API accepts.',
    'The simulator must refuse such a rule; the message names group, direction and position.',
    'terminal',
  ),
  snapshot: row(
    'FABRIC-SNAPSHOT',
    'An ENI of the snapshot cannot be built',
    'An address, gateway or device index of the ENI is missing or malformed.',
    'Correct the read model; the message names the ENI.',
    'terminal',
  ),
  apply: row(
    'FABRIC-APPLY',
    'Links or filters could not be applied',
    'ip or nft refused a change, several times in a row; the fabric keeps trying.',
    'The message carries the tool and its own words.',
    'retry',
  ),
  closed: row('FABRIC-CLOSED', 'The fabric is closed', 'The lab is ending.', 'Start the lab again.', 'terminal'),
} as const satisfies Record<string, CatalogueEntry>;
