import { openSimulatedAccount } from './simulated-account.ts';
import { vpcCloudContract } from './vpc-cloud.ts';

vpcCloudContract('Tencent adapter against the simulated cloud', () => openSimulatedAccount());
