import { defineConfig, type OxlintOverride } from "oxlint";

/** The areas of src/ and the others each may import (errors.ts, text.ts, files.ts and page.ts are open to all). */
const areas: Record<string, readonly string[]> = {
  wallet: [],
  gas: ["rpc"],
  faucet: ["rpc"],
  rpc: [],
  deploy: ["gas", "rpc", "registry"],
  registry: ["rpc"],
  upload: [],
  etl: ["rpc"],
  ipc: [],
  signer: ["ipc", "wallet"],
  strings: [],
  doctor: [],
};

const outside = [
  "hardhat",
  "hardhat/**",
  "@nomicfoundation/**",
  "**/tasks/**",
  "**/scripts/**",
  "**/test/**",
  "**/bench/**",
];

const outsideSrc = { group: outside, message: "src/ knows no Hardhat, no tasks, no scripts, no tests." };

const directions = Object.entries(areas).map(([area, open]) =>
  restrict(`src/${area}/**/*.ts`, [
    outsideSrc,
    {
      group: Object.keys(areas)
        .filter((other) => other !== area && !open.includes(other))
        .flatMap((other) => [`../${other}/**`, `../../${other}/**`, `../../../${other}/**`]),
      message: "Areas of src/ do not import each other; combine them in a task.",
    },
  ]),
);

const taskAreas = ["deploy", "deployments", "coin", "gas", "wallet", "doctor", "upload", "etl", "ipc", "strings"];

const taskDirections = taskAreas.map((area) =>
  restrict(`tasks/${area}/**/*.ts`, [
    { group: ["**/scripts/**", "**/test/**", "**/bench/**"], message: "Nothing imports scripts/, bench/ or test/." },
    {
      group: taskAreas.filter((other) => other !== area).map((other) => `../${other}/**`),
      message: "A task area imports src/ and the files beside tasks/index.ts, never another task area.",
    },
  ]),
);

function restrict(files: string, patterns: readonly { group: string[]; message: string }[]): OxlintOverride {
  return { files: [files], rules: { "no-restricted-imports": ["error", { patterns: [...patterns] }] } };
}

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import", "promise", "node"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true, typeCheck: true },
  ignorePatterns: ["node_modules", "types", "artifacts", "cache", "coverage", "test/fixtures"],
  rules: {
    "prefer-template": "error",
    "no-useless-concat": "error",
    "typescript/restrict-plus-operands": [
      "error",
      { allowAny: false, allowBoolean: false, allowNullish: false, allowNumberAndString: false, allowRegExp: false },
    ],
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/only-throw-error": "error",
    "typescript/no-unsafe-type-assertion": "error",
    "import/no-cycle": "error",
    "no-console": "error",
    "node/no-process-env": "off",
    eqeqeq: ["error", "always", { null: "ignore" }],
    "prefer-const": "error",
    "no-var": "error",
    "no-await-in-loop": "off",
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "promise/always-return": "off",
    "import/no-named-as-default-member": "off",
    // The compiler knows better: it sees that a switch is exhaustive.
    "consistent-return": "off",
    "typescript/consistent-return": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    "import/no-unassigned-import": "off",
    "unicorn/consistent-function-scoping": "off",
    "typescript/no-unnecessary-type-parameters": "off",
  },
  overrides: [
    {
      files: ["src/**/*.ts"],
      rules: {
        "node/no-process-env": "error",
        "no-restricted-imports": ["error", { patterns: [outsideSrc] }],
      },
    },
    ...directions,
    ...taskDirections,
    {
      files: ["test/**", "bench/**", "scripts/**"],
      rules: { "no-console": "off", "typescript/no-unsafe-type-assertion": "off" },
    },
    {
      files: ["test/**"],
      rules: {
        // chai's assertions are property reads: expect(x).to.be.true
        "no-unused-expressions": "off",
        "typescript/no-unused-expressions": "off",
      },
    },
  ],
});
