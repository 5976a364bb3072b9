// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConvertLib} from "./ConvertLib.sol";

/// @title A coin as small as a coin can be
contract MetaCoin {
    uint256 public constant INITIAL_SUPPLY = 10_000;

    mapping(address holder => uint256 coins) private balances;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor() {
        balances[tx.origin] = INITIAL_SUPPLY;
        emit Transfer(address(0), tx.origin, INITIAL_SUPPLY);
    }

    function sendCoin(address receiver, uint256 amount) external returns (bool sufficient) {
        uint256 balance = balances[msg.sender];
        if (balance < amount) return false;
        unchecked {
            balances[msg.sender] = balance - amount;
            balances[receiver] += amount;
        }
        emit Transfer(msg.sender, receiver, amount);
        return true;
    }

    function getBalance(address holder) external view returns (uint256 coins) {
        return balances[holder];
    }

    function getBalanceInEth(address holder) external view returns (uint256 value) {
        return ConvertLib.convert(balances[holder], 2);
    }
}
