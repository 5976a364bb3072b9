// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConvertLib} from "./ConvertLib.sol";

/// @title A coin as small as a coin can be
/// @author The metacoin contributors
/// @notice A fixed supply of coins, without decimals, allowances or an owner: whoever holds coins can send them.
/// @dev Not an ERC-20, although `Transfer` has the topic of its namesake there.
/// Invariant: the balances of all holders always sum up to `SUPPLY`; nothing mints or burns after construction.
contract MetaCoin {
    /// @notice How many coins there are from the start, and ever.
    /// @dev The dispatcher tries selectors in ascending order. This name's comes after `sendCoin`'s: 22 gas less a send.
    uint256 public constant SUPPLY = 10_000;

    /// @dev Slot 0.
    mapping(address holder => uint256 coins) private balances;

    /// @notice Coins changed hands, also where none did: an amount of zero, or a holder who sends to itself.
    /// @param from Who sent them; the zero address at construction.
    /// @param to Who received them.
    /// @param value How many.
    event Transfer(address indexed from, address indexed to, uint256 value);

    /// @notice Gives all coins to the account that signed the deployment, also where a contract deploys for it.
    /// @dev `tx.origin` decides who is paid, never who is allowed: no check can be fooled with it. `msg.sender` would
    /// strand the coins in a factory, which has no way to send them.
    constructor() {
        // The lint fears for authorization, and there is none here.
        // solhint-disable avoid-tx-origin
        balances[tx.origin] = SUPPLY;
        emit Transfer(address(0), tx.origin, SUPPLY);
        // solhint-enable avoid-tx-origin
    }

    /// @notice Sends coins of the caller. Where the caller has too few nothing happens, and the call does not revert.
    /// @param receiver Who gets them; the caller itself and the zero address (which can never send them on) included.
    /// @param amount How many, zero included.
    /// @return sufficient Whether the caller had enough, and so whether the coins were sent.
    function sendCoin(address receiver, uint256 amount) external returns (bool sufficient) {
        // Read once: a second read of the same slot would cost 100 gas more.
        uint256 balance = balances[msg.sender];
        if (balance < amount) return false;
        unchecked {
            // No underflow: amount <= balance, by the line above.
            balances[msg.sender] = balance - amount;
            // No overflow: what the sender lost and the receiver has are parts of the one supply, so their sum is at
            // most SUPPLY. Read anew, since the receiver may be the sender.
            balances[receiver] += amount;
        }
        emit Transfer(msg.sender, receiver, amount);
        return true;
    }

    /// @notice How many coins somebody has.
    /// @param holder Whose coins to count.
    /// @return coins The coins of the holder.
    function getBalance(address holder) external view returns (uint256 coins) {
        return balances[holder];
    }

    /// @notice What the coins of somebody are worth, at two units a coin. A figure of speech: nothing pays it out.
    /// @param holder Whose coins to convert.
    /// @return value The balance times two.
    function getBalanceInEth(address holder) external view returns (uint256 value) {
        return ConvertLib.convert(balances[holder], 2);
    }
}
