// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MetaCoin} from "./MetaCoin.sol";
import {Vm, VM} from "./Vm.t.sol";

contract MetaCoinTest {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    bytes32 private constant TRANSFER = keccak256("Transfer(address,address,uint256)");

    MetaCoin private coin;

    /// @dev Alice signs, and this contract creates: as a factory would.
    function setUp() external {
        VM.prank(address(this), ALICE);
        coin = new MetaCoin();
    }

    function testSupplyIsTenThousand() external view {
        require(coin.SUPPLY() == 10_000, "supply");
    }

    function testOriginIsPaidAndTheCreatorIsNot() external view {
        require(coin.getBalance(ALICE) == 10_000, "the signer has all coins");
        require(coin.getBalance(address(this)) == 0, "the creator has none");
    }

    function testConstructionEmitsTheMint() external {
        VM.recordLogs();
        VM.prank(address(this), BOB);
        coin = new MetaCoin();
        requireTransfer(address(0), BOB, 10_000);
    }

    function testSendMovesCoinsAndTellsSo() external {
        VM.recordLogs();
        require(send(ALICE, BOB, 10), "sent");
        requireTransfer(ALICE, BOB, 10);
        requireBalances(9990, 10);
    }

    function testSendAddsToWhatTheReceiverHas() external {
        require(send(ALICE, BOB, 10), "once");
        require(send(ALICE, BOB, 5), "twice");
        requireBalances(9985, 15);
    }

    function testSendsTheExactBalance() external {
        require(send(ALICE, BOB, 10_000), "all of it");
        requireBalances(0, 10_000);
        require(send(BOB, ALICE, 10_000), "and back");
        requireBalances(10_000, 0);
    }

    function testOneTooManyChangesNothingAndEmitsNothing() external {
        VM.recordLogs();
        require(!send(ALICE, BOB, 10_001), "insufficient");
        require(VM.getRecordedLogs().length == 0, "no event");
        requireBalances(10_000, 0);
    }

    function testWhoHasNothingSendsNothing() external {
        VM.recordLogs();
        require(!send(BOB, ALICE, 1), "insufficient");
        require(!send(BOB, ALICE, type(uint256).max), "insufficient by far");
        require(VM.getRecordedLogs().length == 0, "no event");
        requireBalances(10_000, 0);
    }

    function testSendsZeroAlsoFromNothing() external {
        VM.recordLogs();
        require(send(BOB, ALICE, 0), "zero is always there");
        requireTransfer(BOB, ALICE, 0);
        requireBalances(10_000, 0);
    }

    function testSendToOneselfChangesNothing() external {
        VM.recordLogs();
        require(send(ALICE, ALICE, 10_000), "sent");
        requireTransfer(ALICE, ALICE, 10_000);
        requireBalances(10_000, 0);
    }

    function testTheZeroAddressCanReceive() external {
        require(send(ALICE, address(0), 1), "sent");
        require(coin.getBalance(address(0)) == 1, "received");
        requireBalances(9999, 0);
    }

    /// @dev The signer of the transaction is asked for nothing: only the caller's own coins move.
    function testACallerSendsItsOwnCoinsAndNotTheSigners() external {
        VM.prank(BOB, ALICE);
        require(!coin.sendCoin(BOB, 1), "Bob has none");
        requireBalances(10_000, 0);
    }

    function testBalanceInEthIsTwiceTheBalance() external {
        require(coin.getBalanceInEth(ALICE) == 20_000, "all");
        require(coin.getBalanceInEth(BOB) == 0, "none");
        require(send(ALICE, BOB, 1), "sent");
        require(coin.getBalanceInEth(BOB) == 2, "one");
    }

    /// @dev Bounded to one above the supply: of all amounts in 256 bits hardly any would be sent.
    function testFuzzSendsWhatIsThereAndNothingElse(uint16 held, uint16 amount, bool toSelf) external {
        uint256 balance = held % 10_001;
        uint256 wanted = amount % 10_002;
        require(send(ALICE, BOB, balance), "Bob's share");

        bool sent = send(BOB, toSelf ? BOB : ALICE, wanted);

        require(sent == (wanted <= balance), "sent exactly where it was there");
        uint256 left = sent && !toSelf ? balance - wanted : balance;
        requireBalances(10_000 - left, left);
    }

    function send(address from, address to, uint256 amount) private returns (bool sufficient) {
        VM.prank(from);
        return coin.sendCoin(to, amount);
    }

    function requireBalances(uint256 alice, uint256 bob) private view {
        require(coin.getBalance(ALICE) == alice, "Alice's balance");
        require(coin.getBalance(BOB) == bob, "Bob's balance");
    }

    function requireTransfer(address from, address to, uint256 value) private {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        require(logs.length == 1 && logs[0].emitter == address(coin), "one event, of the coin");
        require(logs[0].topics.length == 3 && logs[0].topics[0] == TRANSFER, "a Transfer with two indexed fields");
        require(logs[0].topics[1] == bytes32(uint256(uint160(from))), "from");
        require(logs[0].topics[2] == bytes32(uint256(uint160(to))), "to");
        require(keccak256(logs[0].data) == keccak256(abi.encode(value)), "value");
    }
}
