// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConvertLib} from "./ConvertLib.sol";
import {VM} from "./Vm.t.sol";

contract ConvertLibTest {
    function testConvertsByTheRate() external pure {
        require(ConvertLib.convert(10_000, 2) == 20_000, "10,000 at 2");
        require(ConvertLib.convert(7, 1) == 7, "a rate of one changes nothing");
    }

    function testZeroStaysZero() external pure {
        require(ConvertLib.convert(0, type(uint256).max) == 0, "nothing at any rate");
        require(ConvertLib.convert(type(uint256).max, 0) == 0, "anything at no rate");
    }

    function testConvertsTheLargestAmount() external pure {
        require(ConvertLib.convert(type(uint256).max, 1) == type(uint256).max, "the largest at one");
    }

    function testOverflowPanics() external {
        VM.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        ConvertLib.convert(type(uint256).max, 2);
    }

    function testFuzzDividesBack(uint128 amount, uint128 rate) external pure {
        uint256 converted = ConvertLib.convert(amount, rate);
        require(rate == 0 ? converted == 0 : converted / rate == amount && converted % rate == 0, "no product");
    }
}
