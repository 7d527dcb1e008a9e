// Every function that expressions of release 1.30 have.
import type { Functions } from '../overload.ts';
import { functionTable } from '../overload.ts';
import { addresses } from './addresses.ts';
import { authorizer } from './authorizer.ts';
import { calendar } from './calendar.ts';
import { conversions } from './conversions.ts';
import { lists } from './lists.ts';
import { operators } from './operators.ts';
import { optionals } from './optionals.ts';
import { quantities } from './quantities.ts';
import { strings } from './strings.ts';
import { urls } from './urls.ts';

/** The functions of CRD rules, policies and match conditions. */
export const kubernetesFunctions: Functions = functionTable(
  operators,
  conversions,
  calendar,
  optionals,
  strings,
  lists,
  urls,
  quantities,
  addresses,
  authorizer,
);
