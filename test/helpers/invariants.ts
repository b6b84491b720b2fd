// What must be true of any database whatever was done to it; called at the end of larger test files.
export { findViolations } from '../../scripts/invariants.ts';
