// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MetaCoin} from "./MetaCoin.sol";
import {VM} from "./Vm.t.sol";

/// @dev Sends coins around a small circle of holders, by amounts around what they have, and keeps its own books.
contract MetaCoinHandler {
    MetaCoin public immutable COIN;
    uint256 public sends;
    uint256 public refusals;

    address[] private holders;
    mapping(address holder => uint256 coins) private expected;

    constructor(MetaCoin coin, address first) {
        COIN = coin;
        holders = [first, address(0xA), address(0xB), address(0xC), address(0)];
        expected[first] = 10_000;
    }

    /// @dev Every fourth amount is the whole balance, and every fourth one more, which must be refused.
    function send(uint256 from, uint256 to, uint256 amount, uint8 kind) external {
        address sender = holders[from % holders.length];
        address receiver = holders[to % holders.length];
        uint256 balance = expected[sender];
        uint256 value =
            kind % 4 == 0
                ? balance
                : kind % 4 == 1
                    ? balance + 1
                    : amount % (balance + 1);
        bool enough = value <= balance;

        VM.prank(sender);
        require(COIN.sendCoin(receiver, value) == enough, "sent exactly where it was there");

        if (!enough) {
            ++refusals;
            return;
        }
        ++sends;
        expected[sender] -= value;
        expected[receiver] += value;
    }

    function sumOfBalances() external view returns (uint256 sum) {
        for (uint256 i = 0; i < holders.length; ++i) sum += COIN.getBalance(holders[i]);
    }

    function balancesAreAsExpected() external view returns (bool same) {
        for (uint256 i = 0; i < holders.length; ++i) {
            if (COIN.getBalance(holders[i]) != expected[holders[i]]) return false;
        }
        return true;
    }
}
