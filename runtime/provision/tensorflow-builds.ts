/** Which of TensorFlow's own builds fit a machine, best first (architecture.md, order of preference). */

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of the GNU C library, such as 2.36; undefined on other systems and on musl. */
  readonly glibc: string | undefined;
  readonly hasNvidia: boolean;
}

export interface TensorFlowBuild {
  /** Name in the cache folder. */
  readonly id: string;
  readonly kind: 'gpu' | 'cpu';
  readonly requirement: string;
  /** SHA-256 of the one wheel that is asked for; pip refuses another. */
  readonly sha256: string;
  readonly platforms: readonly string[];
  /** Library files inside the wheel's tensorflow/ folder. */
  readonly library: string;
  readonly framework: string;
  /** Rough bytes: to download, and on disk while unpacking. */
  readonly downloadBytes: number;
  readonly diskBytes: number;
}

export const TENSORFLOW_VERSION = '2.21.0';
/** The wheels of one Python version are asked for, whatever the user's: only the libraries inside are used. */
export const WHEEL_PYTHON = { version: '3.11', abi: 'cp311' } as const;

const LINUX_LIBRARIES = { library: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };
const LINUX_X64 = [
  'manylinux_2_27_x86_64',
  'manylinux_2_17_x86_64',
  'manylinux2014_x86_64',
  'manylinux1_x86_64',
];

const LINUX_X64_GPU: TensorFlowBuild = {
  id: `tensorflow-${TENSORFLOW_VERSION}-cuda-linux-x64`,
  kind: 'gpu',
  requirement: `tensorflow==${TENSORFLOW_VERSION}`,
  sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  platforms: LINUX_X64,
  ...LINUX_LIBRARIES,
  downloadBytes: 3.1e9,
  diskBytes: 11e9,
};
const LINUX_X64_CPU: TensorFlowBuild = {
  id: `tensorflow-${TENSORFLOW_VERSION}-cpu-linux-x64`,
  kind: 'cpu',
  requirement: `tensorflow-cpu==${TENSORFLOW_VERSION}`,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  platforms: LINUX_X64,
  ...LINUX_LIBRARIES,
  downloadBytes: 274e6,
  diskBytes: 1.3e9,
};
const LINUX_ARM64: TensorFlowBuild = {
  id: `tensorflow-${TENSORFLOW_VERSION}-cpu-linux-arm64`,
  kind: 'cpu',
  requirement: `tensorflow==${TENSORFLOW_VERSION}`,
  sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
  platforms: ['manylinux_2_27_aarch64'],
  ...LINUX_LIBRARIES,
  downloadBytes: 282e6,
  diskBytes: 1.3e9,
};
const MACOS_ARM64: TensorFlowBuild = {
  id: `tensorflow-${TENSORFLOW_VERSION}-cpu-darwin-arm64`,
  kind: 'cpu',
  requirement: `tensorflow==${TENSORFLOW_VERSION}`,
  sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
  platforms: ['macosx_12_0_arm64'],
  library: 'libtensorflow_cc.2.dylib',
  framework: 'libtensorflow_framework.2.dylib',
  downloadBytes: 223e6,
  diskBytes: 1.1e9,
};

const OLDEST_GLIBC = [2, 27] as const;

function glibcIsNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor >= OLDEST_GLIBC[1]);
}

/** The builds to try in order, or why none fits. */
export function tensorFlowBuildsFor(machine: Machine): { builds: readonly TensorFlowBuild[]; why?: string } {
  const { platform, arch } = machine;
  if (platform === 'darwin' && arch === 'arm64') return { builds: [MACOS_ARM64] };
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    return {
      builds: [],
      why: `TensorFlow ${TENSORFLOW_VERSION} has no libraries for ${platform} on ${arch}`,
    };
  }
  if (!machine.glibc || !glibcIsNewEnough(machine.glibc)) {
    const found = machine.glibc ?? 'another C library, such as musl';
    return {
      builds: [],
      why: `TensorFlow ${TENSORFLOW_VERSION} needs GNU libc ${OLDEST_GLIBC.join('.')} or newer; found ${found}`,
    };
  }
  if (arch === 'arm64') return { builds: [LINUX_ARM64] };
  return { builds: machine.hasNvidia ? [LINUX_X64_GPU, LINUX_X64_CPU] : [LINUX_X64_CPU] };
}

/** Requirements of the wheel's `and-cuda` extra, out of its METADATA: the CUDA libraries of this very TensorFlow. */
export function cudaRequirements(metadata: string): string[] {
  return metadata
    .split('\n')
    .map((line) => /^Requires-Dist:\s*(nvidia-[^;]+?)\s*;\s*extra == ["']and-cuda["']\s*$/.exec(line)?.[1])
    .filter((requirement) => requirement !== undefined);
}

/** True for the members of the TensorFlow wheel that the addon is built and run with. */
export function isWantedMember(build: TensorFlowBuild, name: string): boolean {
  if (name === `tensorflow/${build.library}` || name === `tensorflow/${build.framework}`) return true;
  if (/^[^/]+\.dist-info\/METADATA$/.test(name) || name === 'tensorflow/THIRD_PARTY_NOTICES.txt') return true;
  return /^tensorflow\/include\/(tensorflow\/c|tensorflow\/core\/platform|tsl|xla\/tsl|external\/local_)/.test(
    name,
  );
}
