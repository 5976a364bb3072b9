// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Conversion between units by a fixed rate
library ConvertLib {
    /// @notice Multiplies an amount by a conversion rate.
    /// @param amount How many units to convert.
    /// @param conversionRate How many of the new unit one unit is worth.
    /// @return convertedAmount The product; a product above `type(uint256).max` panics.
    function convert(uint256 amount, uint256 conversionRate) external pure returns (uint256 convertedAmount) {
        return amount * conversionRate;
    }
}
