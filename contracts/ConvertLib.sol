// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Conversion between units by a fixed rate
/// @author The metacoin contributors
/// @notice Deployed on its own and linked into the contracts that use it, as {MetaCoin} does.
library ConvertLib {
    /// @notice Multiplies an amount by a conversion rate.
    /// @dev Reverts with panic 0x11 where the product exceeds `type(uint256).max`.
    /// @param amount How many units to convert.
    /// @param conversionRate How many of the new unit one unit is worth.
    /// @return convertedAmount The amount in the new unit.
    function convert(uint256 amount, uint256 conversionRate) external pure returns (uint256 convertedAmount) {
        return amount * conversionRate;
    }
}
