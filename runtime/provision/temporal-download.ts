/**
 * Process that lets Temporal's SDK download its command into a folder: `temporal-download.ts FOLDER VERSION`. Ends with
 * code 1 when that is not possible. The SDK starts the server it downloaded, which proves that it runs; it is stopped
 * at once.
 */
const [downloadDir, version] = process.argv.slice(2);
try {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: downloadDir!, version: version! } },
  });
  await environment.teardown();
} catch {
  // A package left out of a production installation, no way out, or a machine the vendor has no binary for.
  process.exit(1);
}
process.exit(0);
