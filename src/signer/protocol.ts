/** Error codes a wallet answers with (EIP-1193, "Provider Errors"). */
export const walletErrors = {
  /** A person, or the rules where no person can be asked, said no. */
  userRejected: 4001,
  /** The account is not this signer's, or the signer is locked. */
  unauthorized: 4100,
  /** A way of signing this signer does not offer on purpose. */
  unsupportedMethod: 4200,
} as const;

/** What the signer answers itself, beside the reads it passes on to the network's endpoint. */
export const methods = {
  accounts: "eth_accounts",
  requestAccounts: "eth_requestAccounts",
  signTransaction: "eth_signTransaction",
  sendTransaction: "eth_sendTransaction",
  signMessage: "personal_sign",
  signTypedData: "eth_signTypedData_v4",
  subscribe: "eth_subscribe",
  unsubscribe: "eth_unsubscribe",
  status: "signer_status",
  lock: "signer_lock",
  unlock: "signer_unlock",
} as const;

/** Largest request, in bytes: a creation transaction with 48 KiB of code is about 100 KB of JSON. */
export const requestCapBytes = 1_048_576;
