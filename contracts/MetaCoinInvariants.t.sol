// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MetaCoin} from "./MetaCoin.sol";
import {MetaCoinHandler} from "./MetaCoinHandler.t.sol";

contract MetaCoinInvariants {
    MetaCoinHandler private handler;

    function setUp() external {
        handler = new MetaCoinHandler(new MetaCoin(), tx.origin);
    }

    /// @dev What the runner calls between the checks: the handler alone.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// hardhat-config: invariant.runs = 64
    /// hardhat-config: invariant.depth = 100
    function invariantSumOfBalancesIsTheSupply() external view {
        require(handler.sumOfBalances() == 10_000, "coins were made or lost");
    }

    /// hardhat-config: invariant.runs = 64
    /// hardhat-config: invariant.depth = 100
    function invariantEveryBalanceIsAsTheBooksSay() external view {
        require(handler.balancesAreAsExpected(), "a balance differs from the books");
    }

    /// @dev A run that sends nothing, or is never refused, would prove nothing.
    function afterInvariant() external view {
        require(handler.sends() > 0 && handler.refusals() > 0, "the handler did not try both");
    }
}
