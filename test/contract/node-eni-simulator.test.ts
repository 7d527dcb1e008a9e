import { nodeEniContract } from './node-eni-calls.ts';
import { openSimulatedAccount } from './simulated-account.ts';

nodeEniContract('Tencent adapter against the simulated cloud', () => openSimulatedAccount());
