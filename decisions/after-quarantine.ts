/** What to do where too many videos were set aside, for whoever refuses to go on without them. */
export const afterQuarantine =
  "The reason for each is in the run's quarantine folder. Restore those videos and go on with `echoloop resume`, or bring corrected ones in and start a new run.";
