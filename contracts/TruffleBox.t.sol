// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MetaCoin} from "./MetaCoin.sol";

/// @dev The two Solidity checks that the Truffle MetaCoin box ships with; test/contracts/box.test.ts has its other three.
contract TruffleBoxTest {
    MetaCoin private deployed;

    /// @dev Truffle deployed before its tests.
    function setUp() external {
        deployed = new MetaCoin();
    }

    function testInitialBalanceUsingDeployedContract() external view {
        require(deployed.getBalance(tx.origin) == 10000, "Owner should have 10000 MetaCoin initially");
    }

    function testInitialBalanceWithNewMetaCoin() external {
        MetaCoin meta = new MetaCoin();
        require(meta.getBalance(tx.origin) == 10000, "Owner should have 10000 MetaCoin initially");
    }
}
