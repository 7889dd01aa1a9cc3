/** Imported before native TensorFlow, lets it compute on two threads: tests have one otherwise (vitest.config.ts). */
process.env.TF_NUM_INTRAOP_THREADS = '2';
process.env.TF_NUM_INTEROP_THREADS = '2';
process.env.OMP_NUM_THREADS = '2';
