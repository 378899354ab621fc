// Generated from the sources by `npm run plugin:types`; a test fails when it is out of date.
import type { TestHost, TestHostOptions } from './test-host.js';
export type * from './test-host.js';
/** Starts a test host; see TestHost. Rejects when a user names a library that is not there. */
export declare function createTestHost(options?: TestHostOptions): Promise<TestHost>;
