// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheatcodes that the tests here need; the test runner answers them.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// @dev The next call comes from this sender.
    function prank(address sender) external;
    /// @dev The next call comes from this sender, in a transaction that `origin` signed.
    function prank(address sender, address origin) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory logs);
    function expectRevert(bytes calldata reason) external;
}

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
